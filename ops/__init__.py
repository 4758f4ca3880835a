"""What a person types: `python -m ops VERB`."""
