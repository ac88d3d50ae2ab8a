"""The pieces of a worker, as the supervisor's tests have them."""

from tests.worker.supervisor.conftest import harnesses as harnesses
