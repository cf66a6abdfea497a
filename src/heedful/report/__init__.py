"""What every page that Heedful writes is drawn with: figures, strokes, elements, plots, the closed shell."""
