"""Does the work: supervisors, dispatcher, webhooks, and the handlers of each job kind with the engines they run on."""
