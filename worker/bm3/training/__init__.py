"""What a training run is made of: recipe, batches, loss, optimizer, checkpoints, log."""
