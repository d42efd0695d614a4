// One texel of a convolution from the banks of blocks that lib/convolve_bank.glsl filled, with its bias.

vec4 texel(int tile, ivec2 p) {
    int column = p.x / (PIXELS * PHASES_W);
    int within = p.x - column * (PIXELS * PHASES_W);
    int group = tile / OUT_TILES;
    int bank = (tile - group * OUT_TILES) * PIXELS + within / PHASES_W;
    return vectors(0, tile) + read(bank, group, ivec2(column * PHASES_W + within % PHASES_W, p.y));
}
