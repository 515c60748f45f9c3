"""The five agents that run a campaign with nobody watching."""
