// Packed kernels from part of a tensor as it lies in memory, in rows of WIDTH numbers.
//
// u_part = (the first of its first axis, the first of its second, how many of its first, how many of its second)
// SWAPS: the tensor's first axis is of inputs, its second of outputs, within each group.

#if __VERSION__ < 400
uniform sampler2D u_memory;
uniform ivec4 u_part, u_kernel_layout;
#else
layout(binding = 0) uniform sampler2D u_memory;
layout(std140, binding = 0) uniform Part { ivec4 u_part, u_kernel_layout, u_tiles; };
#endif

vec4 weight(int out_tile, int channel, int ky, int kx) {
    int inputs = u_kernel_layout.z, outputs = u_kernel_layout.w;
    vec4 found = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int out_channel = out_tile * 4 + lane, group = out_channel / outputs, own = channel - group * inputs;
        if (own < 0 || own >= inputs) continue;
        int row = (SWAPS == 1 ? channel : out_channel) - u_part.x;
        int column = (SWAPS == 1 ? out_channel - group * outputs : own) - u_part.y;
        if (row < 0 || row >= u_part.z || column < 0 || column >= u_part.w) continue;
        int at = ((row * u_part.w + column) * KH + ky) * KW + kx;
        found[lane] = texelFetch(u_memory, ivec2(at % WIDTH, at / WIDTH), 0).x;
    }
    return found;
}

#include "lib/pack_kernel.glsl"
