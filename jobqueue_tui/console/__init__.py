"""The console: screens, widgets, keys and themes. Knows an engine only by `engine.api`. Imports nothing by itself."""
