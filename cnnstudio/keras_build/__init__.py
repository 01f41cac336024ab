"""Between a `Network` and Keras: build, write as source, export, load what was trained."""
