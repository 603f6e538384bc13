"""Which requests are sent, in which order: scenarios, their catalogue, the plan of a run."""
