"""How a picture is cut: engines, foreground colours, layout; nothing of HTTP."""
