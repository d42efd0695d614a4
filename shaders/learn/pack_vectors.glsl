// What shaders read once per channel, a row of texels for each. ROW0 and ROW1 say which tensor a row is: the number of one
// that is read; -1 for none, whose row is zero. With RUNNING they are the scale and the shift of a norm that has learnt its
// statistics: MEAN, VARIANCE, and WEIGHT and BIAS, -1 where it has none. With MAP they are a map of WIDTH pixels a row, of
// which TEXELS lie in a row here, the tiles of a pixel beside each other.
out vec4 o_texel;

vec4 row_of(int k, int tile, vec4 usual) {
    return k < 0 ? usual : read(k, tile, ivec2(0));
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    int tile = at.x;
#if MAP
    int tiles = (u_shape0.x + 3) / 4;
    int place = at.y * TEXELS + at.x, pixel = place / tiles;
    tile = place % tiles;
    // Behind the last one nothing is read.
    o_texel = read0(tile, ivec2(pixel % WIDTH, pixel / WIDTH));
#elif RUNNING
    vec4 scale = row_of(WEIGHT, at.x, vec4(1.0)) / sqrt(row_of(VARIANCE, at.x, vec4(1.0)) + EPS);
    o_texel = at.y == 0 ? scale : row_of(BIAS, at.x, vec4(0.0)) - row_of(MEAN, at.x, vec4(0.0)) * scale;
#else
    o_texel = row_of(at.y == 0 ? ROW0 : ROW1, at.x, vec4(0.0));
#endif
    o_texel = mix(vec4(0.0), o_texel, live_lanes(u_shape0, tile));
}
