"""Files that are no videos, on the way a job takes: each job fails with its code, at once, and nothing is half written."""

from __future__ import annotations

from pathlib import Path

from db.failures import Failure
from db.schema.tables import State
from tests.faults.cluster import Cluster
from tests.worker.video.footage import cut_off

BAD = {
    b"": Failure.INVALID_MEDIA,
    b"This is a letter, not a video.\n" * 200: Failure.INVALID_MEDIA,
    b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/secret.ts\n": Failure.UNSUPPORTED,
    b"YUV4MPEG2 W100000 H100000 F30:1 C420\nFRAME\n" + bytes(10_000): Failure.INVALID_MEDIA,
}


def test_each_bad_file_fails_its_job_and_leaves_nothing(cluster: Cluster, sample_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.mp4"
    expected = {}
    for data, code in BAD.items():
        path.write_bytes(data)
        [job_id] = cluster.submit(cluster.add_video(path))
        expected[job_id] = code
    [job_id] = cluster.submit(cluster.add_video(cut_off(sample_video, path, 0.5)))
    expected[job_id] = Failure.TRUNCATED_MEDIA
    cluster.start("gpu")
    ended = cluster.wait([*expected], 150)
    assert {job.id: job.failure for job in ended} == expected
    assert all(job.state is State.FAILED and job.attempt == 1 and job.failure_message for job in ended)
    assert not [*cluster.objects.list_prefix("jobs/")]
    [scratch] = (tmp_path / "var" / "scratch").iterdir()
    assert not [*scratch.iterdir()]
