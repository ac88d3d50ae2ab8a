"""From a file to chunks of frames: opened safely, timed, decoded, sampled."""
