// Packed kernels into a buffer.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Kernel { vec4 u_kernel[]; };

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    if (at >= u_grid.x) return;
    int cell = at / 4, j = cell / CELLS, out_tile = j / u_kernel_layout.x;
    u_kernel[u_kernel_layout.y + at] = packed_kernel(out_tile, j - out_tile * u_kernel_layout.x, cell - j * CELLS, at % 4);
}
