"""Video files in and out: containers, geometry, colour, time, images, contact sheets."""

from cuspworld.video.files import VideoFile, VideoInfo, check_output, probe, read_video, stream_video, write_stream

__all__ = ["VideoFile", "VideoInfo", "check_output", "probe", "read_video", "stream_video", "write_stream"]
