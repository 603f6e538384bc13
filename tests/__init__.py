"""The kit's own tests, and the stand-in engines that they run on."""
