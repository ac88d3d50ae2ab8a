"""The dashboard under `/`: pages rendered here, live by event streams, reading through db/ like any client."""
