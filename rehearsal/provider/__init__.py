"""What every stand-in of a Pulumi provider needs: the protocol, and types answered from their descriptions."""
