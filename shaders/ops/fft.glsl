#include "lib/turns.glsl"

// A texel holds two complex numbers: their real parts are x and z. Each place's number is turned by as many parts of a
// turn as its place times the frequency.
vec4 texel(int tile, ivec2 p) {
    int count = SIDE(u_shape0), frequency = ALONG(p), part = 0;
    vec4 sum = vec4(0.0);
    for (int at = 0; at < count; at++) {
        vec2 turn = read1(0, ivec2(part, 0)).xy;
#if REAL
        vec4 four = read0(tile / 2, PLACED(p, at));
        vec2 value = tile % 2 == 0 ? four.xy : four.zw;
        sum += value.xxyy * vec4(turn.x, -turn.y, turn.x, -turn.y);
#else
        vec4 value = read0(tile, PLACED(p, at));
        float across = INVERSE == 1 ? turn.y : -turn.y;
        sum += value * turn.x + value.yxwz * vec4(-across, across, -across, across);
#endif
        part += frequency;
        part -= part >= count ? count : 0;
    }
    float twice = DOUBLED == 1 && frequency > 0 && 2 * frequency != count ? 2.0 : 1.0;
    return sum * (twice * share(count, INVERSE == 1));
}
