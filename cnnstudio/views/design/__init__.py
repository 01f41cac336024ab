"""The Design page: palette, canvas, inspector, summary and problems."""
