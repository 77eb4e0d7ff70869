"""How a picture is cut: networks and where they come from, edges, colours, layout."""
