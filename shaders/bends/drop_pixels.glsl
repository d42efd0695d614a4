#include "lib/random.glsl"

vec4 bent(int tile, ivec2 p) {
    uint seed = seed_of(SEED_LOW, SEED_HIGH);
    float frame = HOLD > 0.0 ? floor(FRAME / HOLD) : 0.0;
    vec4 value = read0(tile, p);
    for (int lane = 0; lane < 4; lane++) {
        if (uniform_of(random_bits(seed, frame, tile * 4 + lane, p)) < SHARE) value[lane] = 0.0;
    }
    return value;
}
