#include "lib/random.glsl"

vec4 texel(int tile, ivec2 p) {
    uint seed = seed_of(SEED_LOW, SEED_HIGH);
    float step_ = HOLD > 0.0 ? floor(STEP / HOLD) : 0.0;
    vec4 drawn;
    for (int lane = 0; lane < 4; lane++) {
        uint bits = random_bits(seed, step_, tile * 4 + lane, p);
#if defined(KIND_GAUSSIAN)
        drawn[lane] = gaussian_of(bits);
#else
        drawn[lane] = uniform_of(bits);
#endif
    }
    return drawn;
}
