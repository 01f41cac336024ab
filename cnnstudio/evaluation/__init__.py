"""What a trained network says: predictions, figures on a folder, feature maps."""
