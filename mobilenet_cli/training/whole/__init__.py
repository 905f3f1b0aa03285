"""Fine-tuning: the whole network is trained."""
