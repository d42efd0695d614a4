// What convolve_matrix.glsl and convolve_window.glsl begin with: the copies in shared memory, and which part of the work
// a workgroup and a thread have.
//
// The includer has the macros A_UNITS and B_UNITS, texels that a workgroup copies of the input and of kernels; A_SIZE and
// B_SIZE, the last extents of the copies; and DEEP, output tiles of a thread.

#include "lib/halves.glsl"
#include "lib/workgroup.glsl"

shared Copy s_a[THREAD_M / EACH][2 * A_SIZE];
shared Copy s_b[4][DEEP][2 * B_SIZE + 1];

int part = int(gl_WorkGroupID.z) % parts;
ivec2 turn = ivec2(int(gl_WorkGroupID.z) / parts % PHASES_W, int(gl_WorkGroupID.z) / parts / PHASES_W);
int first_tile = group % u_grid.y * (WORK_N / 4);
