"""A trained model is asked the tickets that it was not trained on, and its answers are proved."""
