// A workgroup of a tiled convolution, and how many texels of the input and of kernels each of its threads copies.
//
// The includer has the macros A_UNITS and B_UNITS, what a workgroup copies of the one and of the other.

#define A_EACH ((A_UNITS + THREADS - 1) / THREADS)
#define B_EACH ((B_UNITS + THREADS - 1) / THREADS)

#pragma optionNV(unroll all)

layout(local_size_x = THREADS) in;

int me = int(gl_LocalInvocationIndex);
int group = int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);
int parts = abs(u_grid.x);
