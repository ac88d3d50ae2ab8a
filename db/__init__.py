"""What is kept: settings, tables, every question asked of jobs, objects, queue names and the documents of each job kind."""
