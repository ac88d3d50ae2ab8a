"""The process that claims jobs, keeps their leases and watches over the model child; never imports torch."""
