"""Who asks: the one room that speaks HTTP."""
