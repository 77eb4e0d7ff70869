"""Drawing: shapes, materials and layers that make the sample scenes."""
