"""The factory: from source items to judged samples in a ledger."""
