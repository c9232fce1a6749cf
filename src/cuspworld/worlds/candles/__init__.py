"""Candles on a cake; a breath of air from one side blows them out, or not."""

NAME = "Candles"
