"""The checks: plan, guard, judge, run and the command, on engines that were written apart from them."""
