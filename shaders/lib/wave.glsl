// GLSL promises few digits of its own sine. The argument is brought within an eighth of a turn, pi / 2 taken off in
// three parts of which the first products are exact; there a polynomial has seven digits.
// Source: S. Moshier, Cephes mathematical library, sinf.c, 1992.

// The sine, or with one quarter ahead the cosine.
float wave(float x, int ahead) {
    float quarters = floor(x * 0.6366197723675814 + 0.5);
    float part = ((x - quarters * 1.5703125) - quarters * 4.837512969970703e-4) - quarters * 7.549789948768648e-8;
    int phase = (int(quarters) + ahead) & 3;
    float q = part * part;
    float near = ((-1.9515295891e-4 * q + 8.3321608736e-3) * q - 1.6666654611e-1) * q * part + part;
    float far = ((2.443315711809948e-5 * q - 1.388731625493765e-3) * q + 4.166664568298827e-2) * q * q - 0.5 * q + 1.0;
    float found = (phase & 1) == 0 ? near : far;
    return (phase & 2) == 0 ? found : -found;
}
