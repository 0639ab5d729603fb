"""The promotion desk's pages: the board, one video's evidence, how right the desk was, an idea's range, and the settings."""
