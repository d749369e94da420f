"""Shared by every test: modules beside this file can be imported by name (`import fixtures_results`)."""
