#include "lib/turns.glsl"

// Four channels are real parts and imaginary ones in two texels.
vec4 texel(int tile, ivec2 p) {
    int count = SIDE(u_shape), place = ALONG(p), part = 0;
    bool has_second = (2 * tile + 1) * 4 < u_shape0.x;
    vec4 sum = vec4(0.0);
    for (int frequency = 0; 2 * frequency <= count; frequency++) {
        vec2 turn = read2(0, ivec2(part, 0)).xy;
        vec4 first = read0(2 * tile, PLACED(p, frequency));
        vec4 second = has_second ? read0(2 * tile + 1, PLACED(p, frequency)) : vec4(0.0);
        // The mean, and the highest of an even number, have no imaginary part, and no negative twin.
        bool alone = frequency == 0 || 2 * frequency == count;
        vec4 turned = vec4(first.xz, second.xz) * turn.x - vec4(first.yw, second.yw) * (alone ? 0.0 : turn.y);
        sum += turned * (DOUBLED == 1 && !alone ? 2.0 : 1.0);
        part += place;
        part -= part >= count ? count : 0;
    }
    return sum * share(count, true);
}
