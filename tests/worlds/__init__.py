"""Worlds as data: small municipalities that are written as the real files and read by the real importers."""
