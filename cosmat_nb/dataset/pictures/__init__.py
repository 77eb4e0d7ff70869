"""What is written of a cutout: its picture, its matte, its size."""
