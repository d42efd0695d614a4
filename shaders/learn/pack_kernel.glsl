// Packed kernels from the tensor as it lies on the device, a map as in studio/engine/gl/memory/tensors.py.
//
// SWAPS: the tensor's first axis is of inputs, its second of outputs, within each group.

#if __VERSION__ < 400
uniform ivec4 u_kernel_layout;
#endif

// Four output channels of one tap of one input channel.
vec4 weight(int out_tile, int channel, int ky, int kx) {
    int inputs = u_kernel_layout.z, outputs = u_kernel_layout.w;
#if !SWAPS && !GROUPED
    return read0(out_tile, ivec2(kx, channel * KH + ky));
#else
    int all = SWAPS == 1 ? u_shape0.x / inputs * outputs : u_shape0.x;
    vec4 found = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int out_channel = out_tile * 4 + lane, group = out_channel / outputs;
        int own = channel - group * inputs;
        if (out_channel >= all || own < 0 || own >= inputs) continue;
        int row = SWAPS == 1 ? channel : out_channel;
        int column = SWAPS == 1 ? out_channel - group * outputs : own;
        found[lane] = read0(row / 4, ivec2(kx, column * KH + ky))[row % 4];
    }
    return found;
#endif
}

#include "lib/pack_kernel.glsl"
