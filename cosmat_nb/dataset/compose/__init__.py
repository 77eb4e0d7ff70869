"""New scenes of old cutouts, with labels that are exact."""
