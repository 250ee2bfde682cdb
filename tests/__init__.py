"""Tests of undercount."""
