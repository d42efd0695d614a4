// One texel of a weight's gradient from the banks that lib/weight_bank.glsl filled: one for each channel of an input tile.

vec4 texel(int tile, ivec2 p) {
    int channel = p.y / KERNEL_SIZE_H;
    int row = channel / 4 * KERNEL_SIZE_H + p.y - channel * KERNEL_SIZE_H;
    return read(channel % 4, tile, ivec2(p.x, row));
}
