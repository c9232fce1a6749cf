"""The library as a page: what is in it, to look at."""

from cuspworld.library.pages.page import write_page

__all__ = ["write_page"]
