"""OpenCL devices for mindspore-core: an example of a backend that is not ours to change core for.

`plugin` is what core loads, `backend` finds devices, `device` puts one together: `memory` (buffers and copies),
`programs` (compilation and launches), `groups` with `scalars` (OpenCL C for the loop groups that core forms), `dense`
(matrix products and convolutions), `windows` (pooling) and `moves` (what rearranges elements).
"""
