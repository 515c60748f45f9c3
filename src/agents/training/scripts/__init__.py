"""Programs of the factory that run as their own process."""
